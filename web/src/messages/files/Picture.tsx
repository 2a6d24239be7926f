import type { Attachment } from '@parley/client';
import { useConnection } from '@parley/client/react';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Icon } from '../../design/Icon.js';
import { t } from '../../texts/texts.js';

const MAX_WIDTH = 320;
const MAX_HEIGHT = 340;
const MIN_SIDE = 96;
/** What a blurred picture is drawn from; more shows nothing more. */
const BLUR_SIDE = 32;

interface Properties {
  attachment: Attachment;
  isAlone: boolean;
  onOpen: () => void;
}

/** Takes its room before it is there. */
export function Picture({ attachment, isAlone, onOpen }: Properties) {
  const { blurhash, name, previewUrl, thumbnailUrl, url } = attachment;
  const [isBroken, setBroken] = useState(false);
  const [isLoaded, setLoaded] = useState(false);
  const source = (isAlone ? previewUrl : thumbnailUrl) ?? thumbnailUrl ?? url;
  const { status } = useConnection();
  // What failed without a network may come with it.
  useEffect(() => setBroken(false), [source, status === 'live']);
  const label = name === null ? t('file.pictureNoName') : t('file.picture', { name });
  return (
    <button
      type="button"
      class="picture"
      style={isAlone ? sizeOf(attachment) : undefined}
      aria-label={t('file.open', { name: label })}
      onClick={onOpen}
    >
      {blurhash === null || isLoaded ? null : <Blur hash={blurhash} />}
      {isBroken ? (
        <Icon name="warning" />
      ) : (
        <img
          src={source}
          alt=""
          loading="lazy"
          decoding="async"
          class={isLoaded ? 'loaded' : ''}
          onLoad={() => setLoaded(true)}
          onError={() => setBroken(true)}
        />
      )}
    </button>
  );
}

function sizeOf({ width, height }: Attachment): Record<string, string> {
  const [wide, high] = [width ?? MAX_WIDTH, height ?? 240];
  const scale = Math.min(1, MAX_WIDTH / wide, MAX_HEIGHT / high);
  const shownWidth = Math.max(MIN_SIDE, Math.round(wide * scale));
  return {
    width: `${shownWidth}px`,
    'aspect-ratio': `${shownWidth} / ${Math.max(MIN_SIDE, Math.round(high * scale))}`,
  };
}

function Blur({ hash }: { hash: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let isCurrent = true;
    import('blurhash')
      .then(({ decode }) => {
        const context = canvas.current?.getContext('2d');
        if (!isCurrent || context == null) return;
        context.putImageData(new ImageData(new Uint8ClampedArray(decode(hash, BLUR_SIDE, BLUR_SIDE)), BLUR_SIDE), 0, 0);
      })
      .catch(() => undefined);
    return () => {
      isCurrent = false;
    };
  }, [hash]);
  return <canvas ref={canvas} width={BLUR_SIDE} height={BLUR_SIDE} aria-hidden="true" />;
}
