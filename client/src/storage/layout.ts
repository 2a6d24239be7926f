import { CACHE_STORES, DURABLE_STORES, type StoreName } from '../ports/storage.js';

/**
 * Raised when cached rows change their shape: every cache is then dropped and made anew. Durable stores have no version;
 * what is kept in them may gain fields, and stays readable by the versions before (a deployment may be taken back).
 */
export const CACHE_LAYOUT = 1;

export const STORES: readonly StoreName[] = [...DURABLE_STORES, ...CACHE_STORES];

const DURABLE: ReadonlySet<string> = new Set(DURABLE_STORES);

export const isDurable = (store: string): boolean => DURABLE.has(store);
