/** What `ImageProcessor` asks of its worker: paths of files. */
export interface ImageJob {
  input: string;
  output: string;
  thumbnails: { 320: string; 1280: string };
  /** It is given up when it has taken so much of the processor. */
  maxCpuMs: number;
}

export interface ProcessedImage {
  mimeType: string;
  extension: string;
  /** Bytes. */
  size: number;
  /** Pixels, as it is shown. */
  width: number;
  height: number;
  blurhash: string;
}

/** Why there is no image: its own fault, too dear to decode, or this machine's at the moment. */
export type ImageFault = 'invalid' | 'costly' | 'unavailable';

export type ImageResult = ({ image: ProcessedImage } | { fault: ImageFault; message: string }) & {
  /** What it took of the processor. */
  cpuMs: number;
  /** It is still being decoded, which only the end of the worker ends. */
  isOverrun?: boolean;
};
