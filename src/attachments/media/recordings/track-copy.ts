import {
  ALL_FORMATS,
  Conversion,
  FilePathSource,
  FilePathTarget,
  Input,
  MkvOutputFormat,
  MovOutputFormat,
  Mp4OutputFormat,
  Output,
  type OutputFormat,
  WebMOutputFormat,
} from 'mediabunny';

const MAX_CACHE_BYTES = 8 * 1024 * 1024;

/**
 * Copies film and sound into a new file, as they are: nothing is decoded, and nothing else comes along.
 * @returns false where that cannot be done whole; what stands at `to` is of no use then.
 */
export async function copyTracks(
  from: string,
  to: string,
  family: 'mp4' | 'matroska',
  mimeType: string,
): Promise<boolean> {
  const input = new Input({
    formats: ALL_FORMATS,
    source: new FilePathSource(from, { maxCacheSize: MAX_CACHE_BYTES }),
  });
  try {
    const output = new Output({ format: formatOf(family, mimeType), target: new FilePathTarget(to) });
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
    await conversion.execute();
    return true;
  } catch (error) {
    // A disk that is full is this machine's fault; what cannot be copied is the file's.
    if (typeof (Object(error) as { syscall?: unknown }).syscall === 'string') throw error;
    return false;
  } finally {
    input.dispose();
  }
}

function formatOf(family: 'mp4' | 'matroska', mimeType: string): OutputFormat {
  // Its description behind its bytes: before them it would have to wait in memory for all of them.
  if (family === 'mp4')
    return mimeType === 'video/quicktime'
      ? new MovOutputFormat({ fastStart: false })
      : new Mp4OutputFormat({ fastStart: false });
  return mimeType.endsWith('webm') ? new WebMOutputFormat() : new MkvOutputFormat();
}
