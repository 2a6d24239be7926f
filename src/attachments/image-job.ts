/** What `ImageProcessor` asks of its worker: paths of files. */
export interface ImageJob {
  input: string;
  output: string;
  thumbnails: { 320: string; 1280: string };
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

export type ImageResult = { image: ProcessedImage } | { fault: string };
