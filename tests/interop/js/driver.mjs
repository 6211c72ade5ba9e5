// Carries out one call of the AWS SDK for JavaScript: a job in JSON on standard input, its outcome
// in JSON on standard output. What is asked and expected stands in test_js.py.

import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import * as sdk from "@aws-sdk/client-s3";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const job = JSON.parse(await text(process.stdin));
const client = new sdk.S3Client({ forcePathStyle: true, maxAttempts: 1, ...job.client });
const sent = [];
client.middlewareStack.add(
  (next) => async (args) => {
    sent.push(args.request.headers);
    return next(args);
  },
  { step: "finalizeRequest", priority: "low", name: "remember" },
);

const bytes = Buffer.from(job.body ?? "", "base64");

// In pieces that fit no chunk of anybody.
function* pieces() {
  for (let at = 0; at < bytes.length; at += 10_007) {
    yield bytes.subarray(at, at + 10_007);
  }
}

const bodies = {
  none: () => ({}),
  buffer: () => ({ Body: bytes }),
  stream: () => ({ Body: Readable.from(pieces()) }),
};

async function call() {
  const input = { ...job.input, ...bodies[job.form ?? "none"]() };
  const answer = await client.send(new sdk[`${job.call}Command`](input));
  const { $metadata, Body, ...said } = answer;
  const body = Body ? Buffer.from(await Body.transformToByteArray()).toString("base64") : null;
  return { status: $metadata.httpStatusCode, body, said, sent };
}

async function fetched(address, options) {
  const answer = await fetch(address, options);
  const body = Buffer.from(await answer.arrayBuffer()).toString("base64");
  return { status: answer.status, body };
}

async function presigned() {
  const command = new sdk[`${job.call}Command`](job.input);
  const address = await getSignedUrl(client, command, { expiresIn: 60 });
  const method = job.call === "PutObject" ? { method: "PUT", body: bytes } : {};
  return fetched(address, method);
}

async function posted() {
  const { url, fields } = await createPresignedPost(client, job.input);
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    form.append(name, value);
  }
  form.append("file", new Blob([bytes]), "a.bin");
  return fetched(url, { method: "POST", body: form });
}

try {
  const how = { call, presigned, posted }[job.how ?? "call"];
  console.log(JSON.stringify(await how()));
} catch (error) {
  const { httpStatusCode, requestId } = error.$metadata ?? {};
  if (!httpStatusCode) {
    throw error;
  }
  console.log(JSON.stringify({ error: error.name, status: httpStatusCode, requestId }));
}
