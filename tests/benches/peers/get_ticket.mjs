// GET /tickets/{id} as one would write it with the SDK for JavaScript: the token verified, one GetItem, the envelope.

import { createPublicKey, verify } from "node:crypto";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";

const x = Buffer.from(process.env.PFLOW_TOKEN_PUBLIC_KEY, "base64").toString("base64url");
const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
const dynamodb = new DynamoDBClient({});
const FIELDS = [
  "id", "type", "title", "priority", "status", "resolution", "requester", "workflow", "workflow_version",
  "values", "created_at", "updated_at", "resolved_at",
];

export async function handler(event) {
  const caller = verified(event.headers.authorization ?? "");
  if (!caller) return answer(401, { error: { code: "UNAUTHENTICATED" } });
  if (!caller.permissions.includes("ticket:read")) return answer(403, { error: { code: "FORBIDDEN" } });
  const id = event.requestContext.http.path.split("/").at(-1);
  const found = await dynamodb.send(
    new GetItemCommand({
      TableName: process.env.TABLE,
      Key: { pk: { S: `${caller.tenant}#TICKET#${id}` }, sk: { S: "TICKET" } },
      ConsistentRead: true,
    }),
  );
  if (!found.Item) return answer(404, { error: { code: "NOT_FOUND" } });
  const ticket = unmarshall(found.Item);
  if (ticket.requester !== caller.sub && !caller.permissions.includes("ticket:read-all")) {
    return answer(403, { error: { code: "FORBIDDEN" } });
  }
  ticket.values = JSON.parse(ticket.values);
  return answer(200, { data: Object.fromEntries(FIELDS.filter((name) => name in ticket).map((name) => [name, ticket[name]])) });
}

function verified(header) {
  const [scheme, token = ""] = header.split(" ");
  const [head, body, signature] = token.split(".");
  if (scheme.toLowerCase() !== "bearer" || !signature) return undefined;
  if (!verify(null, Buffer.from(`${head}.${body}`), key, Buffer.from(signature, "base64url"))) return undefined;
  const claims = JSON.parse(Buffer.from(body, "base64url"));
  return claims.exp > Date.now() / 1000 ? claims : undefined;
}

function answer(statusCode, body) {
  return { statusCode, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}
