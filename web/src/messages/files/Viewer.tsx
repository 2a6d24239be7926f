import type { Attachment } from '@parley/client';
import { useRef, useState } from 'preact/hooks';
import { useBack } from '../../design/back.js';
import { AnyIcon } from '../../design/more-icons.js';
import { useModal } from '../../design/modal.js';
import { Toasts } from '../../design/toasts.js';
import { t } from '../../texts/texts.js';
import '../../texts/more.js';

interface Properties {
  pictures: readonly Attachment[];
  index: number;
  onClose: () => void;
}

/** One picture over the whole window; a click shows it in its own size, arrow keys go to its neighbours. */
export default function Viewer({ pictures, index, onClose }: Properties) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [current, show] = useState(index);
  const [isLarge, setLarge] = useState(false);
  useModal(dialog);
  useBack(onClose);
  const picture = pictures[current];
  if (picture === undefined) return null;
  const move = (step: number): void => {
    const next = current + step;
    if (next < 0 || next >= pictures.length) return;
    setLarge(false);
    show(next);
  };
  return (
    <dialog
      ref={dialog}
      class="viewer"
      aria-label={t('file.viewer')}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={({ key }) => {
        if (key === 'ArrowRight') move(1);
        else if (key === 'ArrowLeft') move(-1);
      }}
    >
      <div class="viewer-head">
        <span class="grow cut" dir="auto">
          {picture.name}
        </span>
        {picture.id === null ? null : (
          <a
            class="icon-button"
            href={picture.url}
            download={picture.name ?? ''}
            aria-label={t('file.download')}
            title={t('file.download')}
          >
            <AnyIcon name="download" />
          </a>
        )}
        <button type="button" class="icon-button" aria-label={t('app.close')} title={t('app.close')} onClick={onClose}>
          <AnyIcon name="close" />
        </button>
      </div>
      <div
        class={isLarge ? 'viewer-stage large' : 'viewer-stage'}
        onClick={(event) => (event.target instanceof HTMLImageElement ? setLarge(!isLarge) : onClose())}
      >
        <img
          key={picture.url}
          src={isLarge ? picture.url : (picture.previewUrl ?? picture.url)}
          alt={picture.name ?? t('kind.IMAGE')}
        />
      </div>
      {pictures.length > 1 ? (
        <div class="viewer-foot">
          <button
            type="button"
            class="icon-button"
            disabled={current === 0}
            aria-label={t('file.previous')}
            onClick={() => move(-1)}
          >
            <AnyIcon name="back" />
          </button>
          <span>{`${current + 1} / ${pictures.length}`}</span>
          <button
            type="button"
            class="icon-button flipped"
            disabled={current === pictures.length - 1}
            aria-label={t('file.next')}
            onClick={() => move(1)}
          >
            <AnyIcon name="back" />
          </button>
        </div>
      ) : null}
      <Toasts />
    </dialog>
  );
}
