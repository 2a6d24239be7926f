import type { Attachment, MessageItem } from '@parley/client';
import { useEffect, useState } from 'preact/hooks';
import { Lazy } from '../app/Lazy.js';
import { Icon } from '../design/Icon.js';
import { client } from '../session/client.js';
import { sizeOf, t } from '../texts/texts.js';
import type { MessageActions } from './actions.js';
import { Picture } from './Picture.js';

const soundPlayer = () => import('./SoundPlayer.js');

/**
 * Files of a message. Their URLs expire: where one fails, the message is read again, once. Each stays the element that it is when
 * it is sent and has an id from then on: somebody may be at it, by keyboard or in a viewer.
 */
export function Attachments({ item, actions }: { item: MessageItem; actions: MessageActions }) {
  const [fresh, setFresh] = useState<readonly Attachment[]>();
  const [isRenewed, setRenewed] = useState(false);
  useEffect(() => setFresh(undefined), [item.attachments]);
  const attachments = fresh ?? item.attachments;
  const renew = (): void => {
    if (isRenewed || item.id === null) return;
    setRenewed(true);
    client.http
      .request<{ attachments: Attachment[] }>(`/messages/${item.id}`)
      .then(({ body }) => setFresh(body.attachments))
      .catch(() => undefined);
  };
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
              onFault={renew}
              onOpen={() => actions.ask({ type: 'view', pictures, index })}
            />
          ))}
        </div>
      )}
      {others.map((attachment, index) => (
        <Other key={index} attachment={attachment} onFault={renew} />
      ))}
    </div>
  );
}

function Other({ attachment, onFault }: { attachment: Attachment; onFault: () => void }) {
  const { kind, external, url, previewUrl, width, height } = attachment;
  const [hasPlayer, setHasPlayer] = useState(true);
  if (kind === 'AUDIO' && !external && hasPlayer)
    return (
      <div class="sound">
        <Lazy load={soundPlayer} attachment={attachment} onFault={onFault} onFailed={() => setHasPlayer(false)} />
      </div>
    );
  if (kind === 'VIDEO' && !external)
    return (
      <video
        class="film"
        controls
        preload={previewUrl === null ? 'metadata' : 'none'}
        poster={previewUrl ?? undefined}
        src={url}
        width={width ?? 480}
        height={height ?? 270}
        onError={onFault}
      />
    );
  return <FileCard attachment={attachment} />;
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
