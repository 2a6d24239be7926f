import { VARIANTS, type Variant } from '../attachment.js';

/** Where the store has a file of an attachment. */
export function blobKey(id: string, variant: Variant): string {
  return `${id}/${variant}`;
}

/** Where a client puts what it announced, until it is looked at. */
export function announcedKey(id: string): string {
  return `${id}/announced`;
}

/** Everything that may be there of an attachment. */
export function blobKeys(id: string): string[] {
  return [announcedKey(id), ...VARIANTS.map((variant) => blobKey(id, variant))];
}
