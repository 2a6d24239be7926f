/** What browsers record, the best that the server takes first. */
const TYPES = ['audio/webm;codecs=opus', 'audio/mp4', 'audio/ogg;codecs=opus'];
const LEVEL_MS = 80;

export interface Recording {
  /** Ends it. Undefined where nothing was recorded. */
  finish(): Promise<File | undefined>;
  discard(): void;
}

type ReportLevel = (level: number, elapsedMs: number) => void;

/** Records the microphone, and reports how loud it is, from 0 to 1. Rejects where that is not allowed or possible. */
export async function startRecording(onLevel: ReportLevel): Promise<Recording> {
  const type = TYPES.find((candidate) => MediaRecorder.isTypeSupported(candidate));
  if (type === undefined) throw new Error('This browser cannot record.');
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: true, noiseSuppression: true },
  });
  try {
    return record(stream, type, onLevel);
  } catch (error) {
    stopTracks(stream);
    throw error;
  }
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function record(stream: MediaStream, type: string, onLevel: ReportLevel): Recording {
  const recorder = new MediaRecorder(stream, { mimeType: type, audioBitsPerSecond: 32_000 });
  const parts: Blob[] = [];
  recorder.addEventListener('dataavailable', ({ data }) => {
    if (data.size > 0) parts.push(data);
  });
  const stopped = new Promise<void>((resolve) => recorder.addEventListener('stop', () => resolve()));
  recorder.start();
  const endLevels = watchLevel(stream, onLevel);
  const release = (): void => {
    endLevels();
    stopTracks(stream);
  };
  return {
    finish: async () => {
      if (recorder.state !== 'inactive') recorder.stop();
      await stopped;
      release();
      const [mimeType = type] = type.split(';', 1);
      const extension = mimeType === 'audio/mp4' ? 'm4a' : mimeType.slice('audio/'.length);
      return parts.length === 0 ? undefined : new File(parts, `voice.${extension}`, { type: mimeType });
    },
    discard: () => {
      if (recorder.state !== 'inactive') recorder.stop();
      release();
    },
  };
}

/** Returns the way to end it. */
function watchLevel(stream: MediaStream, onLevel: ReportLevel): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Uint8Array(analyser.fftSize);
  const began = performance.now();
  const timer = setInterval(() => {
    analyser.getByteTimeDomainData(samples);
    const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample - 128)), 0);
    onLevel(Math.min(1, loudest / 64), performance.now() - began);
  }, LEVEL_MS);
  return () => {
    clearInterval(timer);
    context.close().catch(() => undefined);
  };
}
