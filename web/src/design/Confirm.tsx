import { t } from '../texts/texts.js';
import { Dialog } from './Dialog.js';

interface Question {
  title: string;
  text: string;
  confirm: string;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before what cannot be taken back. Only in parts of the page that are fetched later. */
export function Confirm({ title, text, confirm, onConfirm, onClose }: Question) {
  return (
    <Dialog title={title} onClose={onClose} class="confirm">
      <p dir="auto">{text}</p>
      <div class="row wrap end">
        <button type="button" class="button" onClick={onClose}>
          {t('app.cancel')}
        </button>
        <button
          type="button"
          class="button primary danger"
          onClick={() => {
            onClose();
            onConfirm();
          }}
        >
          {confirm}
        </button>
      </div>
    </Dialog>
  );
}
