import { Injectable } from '@nestjs/common';
import { BoundedMap } from '../../common/bounded-map.js';
import { Clock } from '../../common/clock.js';
import { Configuration } from '../../config/configuration.js';
import { publicFetch, type PublicFetchOptions } from '../../outbound/public-fetch.js';
import { type PageMetadata, pageMetadata } from './page-metadata.js';

const TIMEOUT_MS = 5_000;
const MAX_PAGE_BYTES = 512 * 1024;
const MAX_IMAGE_BYTES = 4 * 1024 * 1024;
/** How long an answer, or that there was none, is used again. */
const CACHE_MS = 10 * 60_000;
const MAX_CACHED = 1_000;

interface Cached {
  at: number;
  metadata: Promise<PageMetadata | undefined>;
}

/** Reads what pages of the public Internet say of themselves; one that many link to at once is asked once. */
@Injectable()
export class PageReader {
  private readonly cache = new BoundedMap<string, Cached>(MAX_CACHED);
  private readonly allowedHosts: readonly string[];

  constructor(
    private readonly clock: Clock,
    configuration: Configuration,
  ) {
    this.allowedHosts = configuration.linkPreviewAllowedHosts;
  }

  /** Undefined where there is no page, or none that says its title. */
  async read(url: string): Promise<PageMetadata | undefined> {
    const known = this.cache.get(url);
    const now = this.clock.now();
    if (known !== undefined && now - known.at < CACHE_MS) return known.metadata;
    const metadata = this.fetch(url).catch(() => undefined);
    this.cache.set(url, { at: now, metadata });
    return metadata;
  }

  /** @throws Error where it is none, or too large. */
  async readImage(url: string): Promise<Buffer> {
    const { body } = await publicFetch(url, {
      ...this.options(),
      maxBytes: MAX_IMAGE_BYTES,
      truncate: false,
      accept: 'image/*',
      takes: (type) => /^image\/(?!svg)/i.test(type),
    });
    return body;
  }

  private async fetch(url: string): Promise<PageMetadata | undefined> {
    const page = await publicFetch(url, {
      ...this.options(),
      maxBytes: MAX_PAGE_BYTES,
      truncate: true,
      accept: 'text/html, application/xhtml+xml',
      takes: (type) => /^(text\/html|application\/xhtml\+xml)\b/i.test(type),
    });
    return pageMetadata(page.body, page.headers['content-type'] ?? '', page.url);
  }

  private options(): Pick<PublicFetchOptions, 'timeoutMs' | 'maxRedirects' | 'allowedHosts'> {
    return { timeoutMs: TIMEOUT_MS, maxRedirects: 3, allowedHosts: this.allowedHosts };
  }
}
