import { appendFile, rm, stat } from 'node:fs/promises';
import { ALL_FORMATS, FilePathSource, Input } from 'mediabunny';
import type { MediaJob, ProcessedRecording, RecordingJob } from '../media-job.js';
import { aiffMeasures } from './containers/aiff.js';
import { amrMeasures } from './containers/amr.js';
import { cleanAsf } from './containers/asf.js';
import { hidesPlace } from './hidden-descriptions.js';
import { removeMatroskaMetadata } from './containers/matroska.js';
import { type Measures, milliseconds, side, UNKNOWN } from './measures.js';
import { removeMovieMetadata } from './containers/movie-boxes.js';
import { takeBrokenPage } from './containers/ogg-pages.js';
import { programStreamMeasures } from './containers/program-stream.js';
import { cleanAvi } from './containers/riff.js';
import { copyTracks, type Family } from './track-copy.js';
import { waveformOf } from './waveform.js';

const MAX_CACHE_BYTES = 8 * 1024 * 1024;

/** The frame of MPEG-4, whatever it calls itself. */
const MOVIE = /^(video|audio)\/(mp4|quicktime|x-m4v|x-m4a|3gpp2?|mp4a-latm)$|^audio\/(x-)?m4[abp]/;
const MATROSKA_TYPE = /^(video|audio)\/(webm|(x-)?matroska)$/;

/** Frames of films of former days and of television: no browser plays them, and what stands in them cannot be taken out. */
const KEPT_AS_FILE = /^video\/(x-flv|mp2t|ogg)|^audio\/mp2t/;
/**
 * Frames that are read, and cleaned where something in them says where they were made, by small readers of our own. What such a
 * reader cannot read is a FILE.
 */
const READERS: readonly (readonly [type: RegExp, read: (path: string) => Promise<Measures | undefined>])[] = [
  [/ms-(asf|wm[av]|wma)/, cleanAsf],
  [/^video\/(x-msvideo|avi|vnd\.avi)$/, cleanAvi],
  [/^video\/mpeg$/, programStreamMeasures],
  [/^audio\/(x-)?aiff$/, async (path) => (await aiffMeasures(path)) ?? UNKNOWN],
  [/^audio\/amr/, async (path) => (await amrMeasures(path)) ?? UNKNOWN],
];
const CLEANERS: Partial<Readonly<Record<Family, (path: string) => Promise<boolean>>>> = {
  mp4: removeMovieMetadata,
  matroska: removeMatroskaMetadata,
};
/** Sounds that can be copied without what they say of themselves, by their type. */
const COPIED: readonly (readonly [type: RegExp, family: Family])[] = [
  [/^audio\/(ogg|opus)/, 'ogg'],
  [/^audio\/(wav|x-wav|vnd\.wave)/, 'wav'],
  [/^audio\/mpeg$/, 'mp3'],
  [/^audio\/(x-)?flac$/, 'flac'],
];

/**
 * What a film or a sound says of itself, and the file without the place where it was made. A file whose place cannot be taken
 * out of it becomes a FILE: it is handed on as it is, and no player shows where that was.
 *
 * - MPEG-4, QuickTime, 3GPP: all that is no picture and no sound is blanked where it stands. Where there is more (tracks of
 *   positions beside film and sound), film and sound are copied into a new file.
 * - Matroska and WebM: the same is blanked where it stands. Where there is no duration, film and sound are copied into a
 *   new file, which has one.
 * - AVI: the same is blanked where it stands.
 * - Windows Media: descriptions are blanked where they stand; what has other streams is a FILE.
 * - Program streams of MPEG are kept as they came: they have no place for descriptions.
 * - Sounds of other kinds keep who plays what, unless they say where: then the sound alone is copied into a new file.
 */
export async function processRecording(
  job: RecordingJob & Pick<MediaJob, 'maxMemoryBytes'>,
): Promise<ProcessedRecording> {
  const { input: path, mimeType } = job;
  if (KEPT_AS_FILE.test(mimeType)) return asFile(job);
  const reader = READERS.find(([type]) => type.test(mimeType))?.[1];
  if (reader !== undefined) {
    const measures = await reader(path);
    return measures === undefined ? asFile(job) : keptAsIs(job, measures);
  }
  const isMovie = MOVIE.test(mimeType);
  const isMatroska = MATROSKA_TYPE.test(mimeType);
  const family = COPIED.find(([type]) => type.test(mimeType))?.[1];
  const facts = await (family === 'ogg' ? factsOfOgg(path) : factsOf(path));
  if (facts === undefined || (!facts.hasPicture && !facts.hasSound)) {
    // What breaks off, is none, or is of a coding that is not known here: nothing that could be looked through, nor be copied.
    const isClosed = isMovie || isMatroska || (family !== undefined && family !== 'wav');
    return isClosed || (await hidesPlace(path, mimeType)) ? asFile(job) : keptAsIs(job, UNKNOWN);
  }
  const { hasPicture, hasSound: _, isPlaced, isIndexed, ...measures } = facts;
  const described = { ...job, ...measures, ...typeOf(job, hasPicture) };
  const copied = async (family: Family): Promise<ProcessedRecording | undefined> => {
    const isCopied = await copyTracks(job, family, described.mimeType);
    // Names of tracks come along.
    if (isCopied && (await (CLEANERS[family]?.(job.output) ?? true))) return whole(described, job.output);
    await rm(job.output, { force: true });
    return undefined;
  };
  if (isMovie) {
    if (await removeMovieMetadata(path)) return whole(described, path);
    return (await copied('mp4')) ?? asFile(job);
  }
  if (isMatroska) {
    const isClean = await removeMatroskaMetadata(path);
    const indexed = isClean && isIndexed ? undefined : await copied('matroska');
    // Without a duration it is as good as it came.
    return indexed ?? (isClean ? whole(described, path) : asFile(job));
  }
  if (!isPlaced && !(await hidesPlace(path, mimeType))) return whole(described, path);
  return (family === undefined ? undefined : await copied(family)) ?? asFile(job);
}

type Facts = Measures & {
  hasPicture: boolean;
  hasSound: boolean;
  /** Whether its description says where it was made. */
  isPlaced: boolean;
  /** Whether its duration is known without reading it to its end. */
  isIndexed: boolean;
};

/** Undefined where nobody can read it. */
async function factsOf(path: string): Promise<Facts | undefined> {
  const input = new Input({
    formats: ALL_FORMATS,
    source: new FilePathSource(path, { maxCacheSize: MAX_CACHE_BYTES }),
  });
  try {
    const video = await input.getPrimaryVideoTrack();
    const audio = await input.getPrimaryAudioTrack();
    const stated = await input.getDurationFromMetadata().catch(() => null);
    const seconds = stated !== null && stated > 0 ? stated : await input.computeDuration().catch(() => undefined);
    const [width, height] = video === null ? [undefined, undefined] : await sidesOf(video);
    return {
      hasPicture: video !== null,
      hasSound: audio !== null,
      width: side(width),
      height: side(height),
      durationMs: milliseconds(seconds),
      waveform: video === null && audio !== null ? await waveformOf(audio) : null,
      isPlaced: hasPlace(await input.getMetadataTags()),
      isIndexed: stated !== null && stated > 0,
    };
  } catch (error) {
    // A disk that cannot be read is this machine's fault.
    if (typeof (Object(error) as { syscall?: unknown }).syscall === 'string') throw error;
    return undefined;
  } finally {
    input.dispose();
  }
}

/**
 * One that breaks off says what it is all the same, once its last page is gone: until then its length is lacking. One that has no
 * other page of sound stays as it came, and is nothing that could be read.
 */
async function factsOfOgg(path: string): Promise<Facts | undefined> {
  const facts = await factsOf(path);
  if (facts !== undefined && facts.durationMs !== null) return facts;
  const broken = await takeBrokenPage(path);
  if (broken === undefined) return facts;
  const left = await factsOf(path);
  if (left !== undefined && left.durationMs !== null) return left;
  await appendFile(path, broken);
  return undefined;
}

async function sidesOf(video: {
  getDisplayWidth(): Promise<number>;
  getDisplayHeight(): Promise<number>;
}): Promise<[number, number]> {
  return [await video.getDisplayWidth(), await video.getDisplayHeight()];
}

/** By the names that recorders give it, or as ISO 6709 writes it, wherever; descriptions hold others by name. */
function hasPlace(description: unknown, name = ''): boolean {
  if (/location|gps|geo|coord|latit|longit|xyz/i.test(name)) return true;
  if (typeof description === 'string') return /[+-]\d{1,3}\.\d+[+-]\d{1,3}\.\d+/.test(description);
  // In whichever encoding.
  if (description instanceof Uint8Array)
    return hasPlaceInBytes(Buffer.from(description).toString('latin1').replaceAll('\0', ''));
  if (typeof description !== 'object' || description === null || description instanceof Date) return false;
  return Object.entries(description).some(([inner, value]) => hasPlace(value, inner));
}

/** A record's cover that a camera took says it in its own way. */
function hasPlaceInBytes(text: string): boolean {
  return /Exif(MM|II)|GPSL(at|ong)itude/.test(text) || hasPlace(text);
}

type Type = Pick<ProcessedRecording, 'kind' | 'mimeType' | 'extension'>;

/** Sound alone comes in the same frames that films do, above all what browsers and phones record. */
function typeOf({ kind, mimeType, extension }: RecordingJob, hasPicture: boolean): Type {
  // A record's cover is a picture to some: an MP3 with one is still a sound.
  if (hasPicture && (MOVIE.test(mimeType) || MATROSKA_TYPE.test(mimeType)))
    return { kind: 'VIDEO', mimeType: mimeType.replace(/^audio\//, 'video/'), extension };
  if (hasPicture) return { kind, mimeType, extension };
  switch (mimeType) {
    case 'video/mp4':
    case 'video/quicktime':
    case 'video/x-m4v':
      return { kind: 'AUDIO', mimeType: 'audio/mp4', extension: 'm4a' };
    case 'video/matroska':
    case 'video/x-matroska':
      return { kind: 'AUDIO', mimeType: 'audio/x-matroska', extension: 'mka' };
    default:
      return { kind: 'AUDIO', mimeType: mimeType.replace(/^video\//, 'audio/'), extension };
  }
}

/** What is played as its first bytes say. */
async function keptAsIs(job: RecordingJob, measures: Measures): Promise<ProcessedRecording> {
  const { kind, mimeType, extension } = job;
  return whole({ ...measures, kind, mimeType, extension }, job.input);
}

async function asFile({ input, mimeType, extension }: RecordingJob): Promise<ProcessedRecording> {
  return whole({ ...UNKNOWN, kind: 'FILE', mimeType, extension }, input);
}

async function whole(facts: Omit<ProcessedRecording, 'path' | 'size'>, path: string): Promise<ProcessedRecording> {
  const { kind, mimeType, extension, width, height, durationMs, waveform } = facts;
  const { size } = await stat(path);
  return { kind, mimeType, extension, path, size, width, height, durationMs, waveform };
}
