"""GET /tickets/{id} as one would write it with boto3: the token verified, one GetItem, the envelope."""

import base64
import json
import os
import time

import boto3
from boto3.dynamodb.types import TypeDeserializer
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY = Ed25519PublicKey.from_public_bytes(base64.b64decode(os.environ["PFLOW_TOKEN_PUBLIC_KEY"]))
DYNAMODB = boto3.client("dynamodb")
FIELDS = [
    "id", "type", "title", "priority", "status", "resolution", "requester", "workflow", "workflow_version",
    "values", "created_at", "updated_at", "resolved_at",
]


def handler(event, _context):
    caller = verified(event["headers"].get("authorization", ""))
    if caller is None:
        return answer(401, {"error": {"code": "UNAUTHENTICATED"}})
    if "ticket:read" not in caller["permissions"]:
        return answer(403, {"error": {"code": "FORBIDDEN"}})
    ticket_id = event["requestContext"]["http"]["path"].rsplit("/", 1)[1]
    key = {"pk": {"S": f"{caller['tenant']}#TICKET#{ticket_id}"}, "sk": {"S": "TICKET"}}
    found = DYNAMODB.get_item(TableName=os.environ["TABLE"], Key=key, ConsistentRead=True).get("Item")
    if found is None:
        return answer(404, {"error": {"code": "NOT_FOUND"}})
    ticket = {name: TypeDeserializer().deserialize(value) for name, value in found.items()}
    if ticket["requester"] != caller["sub"] and "ticket:read-all" not in caller["permissions"]:
        return answer(403, {"error": {"code": "FORBIDDEN"}})
    ticket["values"] = json.loads(ticket["values"])
    return answer(200, {"data": {name: ticket[name] for name in FIELDS if name in ticket}})


def verified(header):
    scheme, _, token = header.partition(" ")
    parts = token.split(".")
    if scheme.lower() != "bearer" or len(parts) != 3:
        return None
    signed, signature = ".".join(parts[:2]), parts[2]
    try:
        KEY.verify(decoded(signature), signed.encode())
    except InvalidSignature:
        return None
    claims = json.loads(decoded(parts[1]))
    return claims if claims["exp"] > time.time() else None


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def answer(status, body):
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(body, default=int, ensure_ascii=False),
    }
