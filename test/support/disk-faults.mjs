/**
 * Loaded into a server before its own code (`node --import`): makes the disk refuse what the file at DISK_FAULTS says, as
 * `{ "call": "write", "code": "ENOSPC", "path": "/spool/" }`, for as long as that file is there.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const control = process.env.DISK_FAULTS ?? '';
const { readFileSync } = fs;
/** Paths of open files, of which writing knows the number alone. */
const opened = new Map();

function fault(call, path) {
  let wanted;
  try {
    wanted = JSON.parse(readFileSync(control, 'utf8'));
  } catch {
    return undefined;
  }
  if (wanted.call !== call || !String(path).includes(wanted.path)) return undefined;
  return Object.assign(new Error(`${wanted.code}: ${call} '${path}'`), { code: wanted.code, syscall: call, path });
}

const { open, write, writev, close } = fs;
fs.open = (path, ...rest) => {
  const done = rest.at(-1);
  const error = fault('open', path);
  if (error !== undefined) return process.nextTick(done, error);
  open(path, ...rest.slice(0, -1), (failure, file) => {
    if (failure === null) opened.set(file, path);
    done(failure, file);
  });
};
fs.close = (file, ...rest) => {
  opened.delete(file);
  close(file, ...rest);
};
for (const [name, original] of Object.entries({ write, writev }))
  fs[name] = (file, ...rest) => {
    const error = opened.has(file) ? fault('write', opened.get(file)) : undefined;
    if (error === undefined) return original(file, ...rest);
    process.nextTick(rest.at(-1), error);
  };
for (const name of ['rename', 'mkdir', 'open']) {
  const original = fs.promises[name];
  fs.promises[name] = async (path, ...rest) => {
    const error = fault(name, path);
    if (error !== undefined) throw error;
    return original(path, ...rest);
  };
}
syncBuiltinESMExports();
