// Clients at the level of frames: they do what no library would do, and take little of the cores that everything shares.
import { createRequire } from 'node:module';
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';

const require = createRequire(createRequire(import.meta.url).resolve('engine.io'));
export const { WebSocket } = require('ws');

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export function quantile(values, part) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

/** Counts of words. */
export class Tally {
  counts = {};

  add(word, times = 1) {
    this.counts[word] = (this.counts[word] ?? 0) + times;
  }
}

/** A Socket.IO connection. `ready` resolves with it, or rejects with the code of the refusal. */
export class Connection {
  #acknowledgements = new Map();
  #number = 0;
  isOpen = false;

  constructor(url, auth, { onEvent = () => {}, onClose = () => {}, headers = {}, localAddress } = {}) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, {
      perMessageDeflate: false,
      headers,
      localAddress,
    });
    this.ready = new Promise((resolve, reject) => {
      const refuse = (code) => reject(Object.assign(new Error(`refused: ${code}`), { code }));
      this.socket.on('unexpected-response', (_, response) => refuse(`HTTP ${response.statusCode}`));
      this.socket.on('error', (error) => refuse(error.code ?? error.message));
      this.socket.on('close', (code) => {
        this.isOpen = false;
        refuse(`closed ${code}`);
        for (const answer of this.#acknowledgements.values()) answer({ ok: false, error: { code: 'CONNECTION_LOST' } });
        this.#acknowledgements.clear();
        onClose(code);
      });
      this.socket.on('message', (raw) => {
        const frame = raw.toString();
        if (frame === '2') this.socket.send('3');
        else if (frame[0] === '0') this.socket.send(`40${JSON.stringify(auth)}`);
        else if (frame.startsWith('44')) refuse(JSON.parse(frame.slice(2)).data?.code ?? frame);
        else if (frame.startsWith('43')) {
          const [, number, json] = /^43(\d+)(.*)$/s.exec(frame);
          const answer = this.#acknowledgements.get(Number(number));
          this.#acknowledgements.delete(Number(number));
          answer?.(JSON.parse(json)[0]);
        } else if (frame.startsWith('42')) {
          const [event, payload] = JSON.parse(frame.slice(2));
          if (event === 'session:ready') {
            this.isOpen = true;
            resolve(this);
          }
          onEvent(event, payload);
        }
      });
    });
    this.ready.catch(() => {});
  }

  /** The acknowledgement; a lost connection answers CONNECTION_LOST. */
  ask(event, payload) {
    return new Promise((resolve) => {
      if (this.socket.readyState !== WebSocket.OPEN) return resolve({ ok: false, error: { code: 'CONNECTION_LOST' } });
      this.#number += 1;
      this.#acknowledgements.set(this.#number, resolve);
      this.socket.send(`42${this.#number}${JSON.stringify([event, payload])}`);
    });
  }

  close() {
    this.socket.terminate();
  }
}

/** A request over a connection of its own or of `agent`; answers `{ status, code, bytes, body }`, and never throws. */
export function request(url, method, path, { token, body, headers = {}, localAddress, agent, keep = true } = {}) {
  return new Promise((resolve) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const asked = http.request(url + path, {
      method,
      agent,
      localAddress,
      headers: {
        ...(text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
    });
    asked.on('error', (error) => resolve({ status: 0, code: error.code ?? error.message, bytes: 0 }));
    asked.on('response', (response) => {
      const parts = [];
      let bytes = 0;
      response.on('data', (chunk) => {
        bytes += chunk.length;
        if (keep || response.statusCode >= 300) parts.push(chunk);
      });
      response.on('error', (error) => resolve({ status: 0, code: error.code ?? error.message, bytes }));
      response.on('end', () => {
        let parsed;
        try {
          parsed = JSON.parse(Buffer.concat(parts).toString());
        } catch {
          // Not kept, or no JSON.
        }
        const status = response.statusCode;
        resolve({
          status,
          code: status < 300 ? `${status}` : `${status} ${parsed?.code ?? ''}`.trim(),
          bytes,
          body: parsed,
        });
      });
    });
    asked.end(text);
  });
}

/** A WebSocket whose frames we write ourselves, and whose answers nobody reads. Resolves once upgraded. */
export function bareWebSocket(url, path, { reads = true } = {}) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: hostname, port: Number(port) });
    socket.setNoDelay(true);
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed')));
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
    socket.once('data', (chunk) => {
      const head = chunk.toString('latin1');
      if (!head.startsWith('HTTP/1.1 101')) return reject(new Error(head.split('\r\n')[0]));
      if (!reads) socket.pause();
      resolve(socket);
    });
  });
}

/** A masked frame, with a mask of zeros. */
export function frame(opcode, payload) {
  const bytes = Buffer.from(payload);
  const head =
    bytes.length < 126
      ? Buffer.from([0x80 | opcode, 0x80 | bytes.length])
      : Buffer.from([0x80 | opcode, 0x80 | 126, bytes.length >> 8, bytes.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), bytes]);
}

export const TEXT = 1;
export const PING = 9;
