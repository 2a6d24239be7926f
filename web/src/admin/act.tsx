import { useState } from 'preact/hooks';
import { Dialog } from '../design/Dialog.js';
import { Form } from '../session/form.js';
import { t } from '../texts/texts.js';

const DAY_MS = 24 * 3_600_000;
const SPANS = [1, 3, 7, 30, 90, 365] as const;

interface Properties {
  title: string;
  /** What will happen. */
  text: string;
  confirm: string;
  isDangerous?: boolean;
  /** Whether a reason must be given. */
  needsReason?: boolean;
  /** Asks for how long. */
  hasEnd?: boolean;
  /** What it rejects with is shown. */
  onConfirm: (given: { reason: string; until: string }) => Promise<void>;
  onClose: () => void;
}

/** Asks before an act: for its reason, which is written down with it, and where it ends, for its end. */
export function ActDialog({
  title,
  text,
  confirm,
  isDangerous = false,
  needsReason = false,
  hasEnd = false,
  onConfirm,
  onClose,
}: Properties) {
  const [days, setDays] = useState<number>(7);
  const act = async ({ reason = '' }: Record<string, string>): Promise<void> => {
    await onConfirm({ reason: reason.trim(), until: new Date(Date.now() + days * DAY_MS).toISOString() });
    onClose();
  };
  return (
    <Dialog title={title} onClose={onClose} class="confirm">
      <p>{text}</p>
      <Form submit={confirm} isDangerous={isDangerous} fields={['reason']} onSubmit={act}>
        {(faults) => (
          <>
            {hasEnd ? (
              <label class="field">
                <span>{t('admin.for')}</span>
                <select
                  class="input"
                  value={String(days)}
                  onChange={(event) => setDays(Number(event.currentTarget.value))}
                >
                  {SPANS.map((span) => (
                    <option key={span} value={String(span)}>
                      {t('admin.days', { count: span })}
                    </option>
                  ))}
                </select>
              </label>
            ) : null}
            <label class="field">
              <span>{needsReason ? t('admin.reason') : t('admin.note')}</span>
              <textarea class="input" name="reason" rows={3} maxLength={1_000} required={needsReason} dir="auto" />
              {faults['reason'] === undefined && faults['until'] === undefined ? null : (
                <span class="fault">{faults['reason'] ?? faults['until']}</span>
              )}
            </label>
          </>
        )}
      </Form>
    </Dialog>
  );
}
