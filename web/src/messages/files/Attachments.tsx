import type { Attachment, MessageItem } from '@parley/client';
import { useConnection } from '@parley/client/react';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Lazy } from '../../app/Lazy.js';
import { Icon } from '../../design/Icon.js';
import { sizeOf, t } from '../../texts/texts.js';
import type { MessageActions } from '../actions.js';
import { Picture } from './Picture.js';
import { useSteadyUrl } from '../steady-url.js';

const soundPlayer = () => import('./SoundPlayer.js');

/**
 * Files of a message. Each stays the element that it is when it is sent and has an id from then on: somebody may be at it, by
 * keyboard or in a viewer.
 */
export function Attachments({ item, actions }: { item: MessageItem; actions: MessageActions }) {
  const { attachments } = item;
  const pictures = attachments.filter(({ kind, external }) => kind === 'IMAGE' && !external);
  const others = attachments.filter((attachment) => !pictures.includes(attachment));
  return (
    <div class="attachments">
      {pictures.length === 0 ? null : (
        <div class={pictures.length === 1 ? 'pictures single' : 'pictures'}>
          {pictures.map((picture, index) => (
            <Picture
              key={index}
              attachment={picture}
              isAlone={pictures.length === 1}
              onOpen={() => actions.ask({ type: 'view', pictures, index })}
            />
          ))}
        </div>
      )}
      {others.map((attachment, index) => (
        <Other key={index} attachment={attachment} />
      ))}
    </div>
  );
}

function Other({ attachment }: { attachment: Attachment }) {
  const { kind, external } = attachment;
  const [hasPlayer, setHasPlayer] = useState(true);
  if (kind === 'AUDIO' && !external && hasPlayer)
    return (
      <div class="sound">
        <Lazy load={soundPlayer} isOptional attachment={attachment} onFailed={() => setHasPlayer(false)} />
      </div>
    );
  if (kind === 'VIDEO' && !external) return <Film attachment={attachment} />;
  return <FileCard attachment={attachment} />;
}

function Film({ attachment: { url, previewUrl, width, height } }: { attachment: Attachment }) {
  const video = useRef<HTMLVideoElement>(null);
  const source = useSteadyUrl(video, url);
  const { status } = useConnection();
  // What failed without a network is loaded anew with it.
  useEffect(() => {
    if (status === 'live' && video.current?.error != null) video.current.load();
  }, [status]);
  return (
    <video
      ref={video}
      class="film"
      controls
      preload={previewUrl === null ? 'metadata' : 'none'}
      poster={previewUrl ?? undefined}
      src={source}
      width={width ?? 480}
      height={height ?? 270}
    />
  );
}

function FileCard({ attachment: { name, size, url, external, id } }: { attachment: Attachment }) {
  const label = name ?? t('kind.FILE');
  const note = external ? t('file.external') : size === null ? '' : sizeOf(size);
  const inside = (
    <>
      <span class="file-icon">
        <Icon name={external ? 'link' : 'file'} />
      </span>
      <span class="file-text">
        <strong class="cut" dir="auto">
          {label}
        </strong>
        <span class="soft small">{note}</span>
      </span>
    </>
  );
  // Not sent yet: there is nothing to open.
  if (id === null && !external) return <span class="file">{inside}</span>;
  const target = external ? { target: '_blank', rel: 'noopener noreferrer nofollow' } : { download: name ?? '' };
  return (
    <a class="file" href={url} {...target} aria-label={t('file.open', { name: label })}>
      {inside}
    </a>
  );
}
