import type { CreateReport } from '@parley/client';
import { useState } from 'preact/hooks';
import { attempt, notify } from '../app/toasts.js';
import { Dialog } from '../design/Dialog.js';
import { client } from '../session/client.js';
import { t } from '../texts/texts.js';
import '../texts/more.js';

type Reason = CreateReport['reason'];

const REASONS: readonly Reason[] = ['SPAM', 'HARASSMENT', 'VIOLENCE', 'SEXUAL', 'SELF_HARM', 'ILLEGAL', 'OTHER'];
/** As the server has it. */
const MAX_COMMENT_LENGTH = 1_000;

const TITLES = { message: 'report.message', user: 'report.person', conversation: 'report.group' } as const;

interface Properties {
  /** Who is reported; a message or a group needs none. */
  name?: string;
  targetType: CreateReport['targetType'];
  targetId: string;
  onClose: () => void;
}

/** Asks why somebody or something is reported, and sends it to the server's moderators. */
export default function ReportDialog({ name = '', targetType, targetId, onClose }: Properties) {
  const [reason, setReason] = useState<Reason>();
  const [comment, setComment] = useState('');
  const [isBusy, setBusy] = useState(false);
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (reason === undefined || isBusy) return;
    setBusy(true);
    const words = comment.trim();
    const report = { targetType, targetId, reason, ...(words === '' ? {} : { comment: words }) };
    const isDone = await attempt(() => client.report(report));
    setBusy(false);
    if (!isDone) return;
    onClose();
    notify(t('report.sent'));
  };
  return (
    <Dialog title={t(TITLES[targetType], { name })} onClose={onClose} class="confirm">
      <form onSubmit={(event) => void send(event)}>
        <p class="soft">{t('report.hint')}</p>
        <fieldset class="plain">
          <legend>{t('report.why')}</legend>
          {REASONS.map((name) => (
            <label class="row" key={name}>
              <input
                type="radio"
                class="check"
                name="reason"
                required
                checked={reason === name}
                onChange={() => setReason(name)}
              />
              {t(`report.${name}`)}
            </label>
          ))}
        </fieldset>
        <label class="field">
          <span>{t('report.comment')}</span>
          <textarea
            class="input"
            rows={3}
            maxLength={MAX_COMMENT_LENGTH}
            value={comment}
            onInput={({ currentTarget }) => setComment(currentTarget.value)}
          />
        </label>
        <div class="row wrap end">
          <button type="button" class="button" onClick={onClose}>
            {t('app.cancel')}
          </button>
          <button type="submit" class="button primary danger" disabled={reason === undefined || isBusy}>
            {t('report.send')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
