// The loop of Lambda's runtime. The one that AWS publishes has to be compiled; this is less work for Node than that.

import http from "node:http";
import { handler } from "./get_ticket.mjs";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true });

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, agent, method, path: `/2018-06-01/runtime/invocation/${path}` }, (response) => {
      const pieces = [];
      response.on("data", (piece) => pieces.push(piece));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(pieces).toString() }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

for (;;) {
  const event = await call("GET", "next");
  const answer = await handler(JSON.parse(event.body));
  await call("POST", `${event.headers["lambda-runtime-aws-request-id"]}/response`, JSON.stringify(answer));
}
