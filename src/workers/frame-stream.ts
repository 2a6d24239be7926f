/** A frame at the most, in bytes: an operation may be larger than what is put together. */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const HEAD_BYTES = 4;

/** A frame as it goes through a socket: how long it is, then itself. */
export function framed(frame: string): Buffer {
  const size = Buffer.byteLength(frame);
  const bytes = Buffer.allocUnsafe(HEAD_BYTES + size);
  bytes.writeUInt32BE(size);
  bytes.write(frame, HEAD_BYTES);
  return bytes;
}

export function frameOf(bytes: Buffer): string {
  return bytes.toString('utf8', HEAD_BYTES);
}

/** Puts frames together from the pieces that a socket gives. What is in them it does not look at. */
export class FrameReader {
  private pieces: Buffer[] = [];
  private size = 0;

  /**
   * Returns the frames that are complete now, each as it was sent.
   * @throws RangeError for one that is too long: nothing behind it can be read
   */
  read(piece: Buffer): Buffer[] {
    this.pieces.push(piece);
    this.size += piece.length;
    if (this.size < this.requiredBytes()) return [];
    let rest = this.pieces.length === 1 ? piece : Buffer.concat(this.pieces);
    const frames: Buffer[] = [];
    for (;;) {
      const end = endOfFirst(rest);
      if (rest.length < HEAD_BYTES || rest.length < end) break;
      frames.push(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    this.pieces = rest.length === 0 ? [] : [rest];
    this.size = rest.length;
    return frames;
  }

  /** Bytes without which there is nothing to return. */
  private requiredBytes(): number {
    const [first] = this.pieces;
    return first === undefined || first.length < HEAD_BYTES ? HEAD_BYTES : endOfFirst(first);
  }
}

function endOfFirst(bytes: Buffer): number {
  if (bytes.length < HEAD_BYTES) return HEAD_BYTES;
  const size = bytes.readUInt32BE();
  if (size > MAX_FRAME_BYTES) throw new RangeError(`a frame of ${size} bytes`);
  return HEAD_BYTES + size;
}
