import { stat } from 'node:fs/promises';
import {
  ALL_FORMATS,
  Conversion,
  EncodedPacketSink,
  FilePathSource,
  FilePathTarget,
  FlacOutputFormat,
  Input,
  MkvOutputFormat,
  Mp3OutputFormat,
  MovOutputFormat,
  Mp4OutputFormat,
  OggOutputFormat,
  Output,
  type OutputFormat,
  WavOutputFormat,
  WebMOutputFormat,
} from 'mediabunny';
import type { MediaJob } from '../media-job.js';

const MAX_CACHE_BYTES = 2 * 1024 * 1024;
/** What is written at a time; several of these wait to be. */
const WRITTEN_BYTES = 1024 * 1024;
/** How much larger a copy may be than its file: another frame takes a little more for each sample. */
const MAX_GROWTH = 1 / 8;
const MAX_GROWTH_BYTES = 1024 * 1024;
/** What one sample may take of the memory of a job: while it is copied, several copies of it are held at once. */
const MAX_SAMPLE_SHARE = 1 / 8;

/** What frame a file is copied into. */
export type Family = 'mp4' | 'matroska' | 'ogg' | 'wav' | 'mp3' | 'flac';

/**
 * Copies film and sound into a new file, as they are: nothing is decoded, and nothing else comes along.
 * Tables of samples may name the same bytes many times: a copy that would be much larger than its file is given up, and
 * so is one of a sample that memory does not hold.
 * @returns false where that cannot be done whole; what stands at `output` is of no use then.
 */
export async function copyTracks(
  { input: from, output: to, maxMemoryBytes }: Pick<MediaJob, 'maxMemoryBytes'> & { input: string; output: string },
  family: Family,
  mimeType: string,
): Promise<boolean> {
  const input = new Input({
    formats: ALL_FORMATS,
    source: new FilePathSource(from, { maxCacheSize: MAX_CACHE_BYTES }),
  });
  let canceled: Promise<void> | undefined;
  try {
    if (family === 'mp4' && (await maxSampleBytesIn(input)) > maxMemoryBytes * MAX_SAMPLE_SHARE) return false;
    const maxBytes = (await stat(from)).size * (1 + MAX_GROWTH) + MAX_GROWTH_BYTES;
    const target = new FilePathTarget(to, { chunkSize: WRITTEN_BYTES });
    const output = new Output({ format: formatOf(family, mimeType), target });
    const conversion = await Conversion.init({
      input,
      output,
      tags: {},
      showWarnings: false,
      video: { forceTranscode: false },
      audio: { forceTranscode: false },
    });
    const isWhole = conversion.discardedTracks.every(({ track }) => !track.isVideoTrack() && !track.isAudioTrack());
    if (!conversion.isValid || !isWhole) {
      await conversion.cancel().catch(() => undefined);
      return false;
    }
    let end = 0;
    target.on('write', (written) => {
      end = Math.max(end, written.end);
      if (end > maxBytes) canceled ??= conversion.cancel().catch(() => undefined);
    });
    await conversion.execute();
    // What is written last cannot be canceled.
    return end <= maxBytes;
  } catch (error) {
    // A disk that is full is this machine's fault; what cannot be copied is the file's.
    if (typeof (Object(error) as { syscall?: unknown }).syscall === 'string') throw error;
    return false;
  } finally {
    // Nothing is written behind the caller, who removes what is of no use.
    await canceled;
    input.dispose();
  }
}

/** As the tables of a film say: no sample is read for it. */
async function maxSampleBytesIn(input: Input): Promise<number> {
  let maxBytes = 0;
  for (const track of await input.getTracks())
    if (track.isVideoTrack() || track.isAudioTrack())
      for await (const { byteLength } of new EncodedPacketSink(track).packets(undefined, undefined, {
        metadataOnly: true,
      }))
        maxBytes = Math.max(maxBytes, byteLength);
  return maxBytes;
}

function formatOf(family: Family, mimeType: string): OutputFormat {
  switch (family) {
    case 'mp4':
      // Its description behind its bytes: before them it would have to wait in memory for all of them.
      return mimeType === 'video/quicktime'
        ? new MovOutputFormat({ fastStart: false })
        : new Mp4OutputFormat({ fastStart: false });
    case 'matroska':
      return mimeType.endsWith('webm') ? new WebMOutputFormat() : new MkvOutputFormat();
    case 'ogg':
      return new OggOutputFormat();
    case 'wav':
      return new WavOutputFormat();
    case 'mp3':
      return new Mp3OutputFormat();
    case 'flac':
      return new FlacOutputFormat();
  }
}
