import { Icon } from '../../design/Icon.js';
import { t } from '../../texts/texts.js';

export type Tick = 'pending' | 'sent' | 'delivered' | 'read' | 'rejected' | undefined;

export function TickMark({ tick, progress }: { tick: NonNullable<Tick>; progress: number | undefined }) {
  if (tick === 'rejected') return null;
  const text =
    tick === 'pending' && progress !== undefined
      ? t('message.uploading', { percent: Math.round(progress * 100) })
      : t(`message.${tick}`);
  const icon = tick === 'pending' ? 'clock' : tick === 'sent' ? 'check' : 'checks';
  return (
    <span class={`tick ${tick}`} title={text}>
      <Icon name={icon} size={15} />
      <span class="hidden-text">{text}</span>
    </span>
  );
}
