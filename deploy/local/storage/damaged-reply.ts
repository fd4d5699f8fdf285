import { closeSync, readSync } from 'node:fs';
import type { Reply } from './reply.ts';

export type Damage = 'cut' | 'stalled' | 'garbled';

/** The same answer as a bad line brings it: see `FaultKind`. What has no body is only cut off. */
export function damagedReply(reply: Reply, damage: Damage): Reply {
  const bytes = bytesOf(reply);
  const { json: _json, file: _file, ...rest } = reply;
  const type = reply.json === undefined ? {} : { 'content-type': 'application/json; charset=UTF-8' };
  const whole = { ...rest, headers: { ...type, ...reply.headers } };
  if (damage !== 'garbled') return { ...whole, body: bytes, breaksOff: { after: bytes.length >> 1, damage } };
  const middle = bytes.length >> 1;
  return { ...whole, body: bytes.map((byte, n) => (n === middle ? byte ^ 1 : byte)) };
}

function bytesOf({ json, body = '', file }: Reply): Uint8Array {
  if (json !== undefined) return Buffer.from(JSON.stringify(json));
  if (file === undefined) return typeof body === 'string' ? Buffer.from(body) : body;
  const bytes = Buffer.alloc(file.end - file.start + 1);
  readSync(file.handle, bytes, 0, bytes.length, file.start);
  closeSync(file.handle);
  return bytes;
}
