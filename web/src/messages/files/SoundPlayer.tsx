import type { Attachment } from '@parley/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import { AnyIcon } from '../../design/more-icons.js';
import { durationOf, t } from '../../texts/texts.js';
import { useSteadyUrl } from '../steady-url.js';
import '../../texts/more.js';

/** One at a time. */
let playing: HTMLAudioElement | undefined;

/** What is within the room of a sound: the button, how it sounds, how long it takes. */
export default function SoundPlayer({ attachment }: { attachment: Attachment }) {
  const { durationMs, name, url, voice, waveform } = attachment;
  const audio = useRef<HTMLAudioElement>(null);
  const source = useSteadyUrl(audio, url);
  const [isPlaying, setPlaying] = useState(false);
  const [position, setPosition] = useState(0);
  const [known, setKnown] = useState(0);
  const total = (durationMs ?? 0) / 1_000 || known;
  useEffect(() => () => audio.current?.pause(), []);
  const toggle = (): void => {
    const element = audio.current;
    if (element === null) return;
    if (isPlaying) return element.pause();
    if (playing !== element) playing?.pause();
    playing = element;
    // What has failed, without a network perhaps, plays only once it is loaded anew.
    if (element.error !== null) {
      element.load();
      element.currentTime = position;
    }
    element.play().catch(() => undefined);
  };
  const seek = (to: number): void => {
    setPosition(to);
    if (audio.current !== null) audio.current.currentTime = to;
  };
  return (
    <>
      <audio
        ref={audio}
        src={source}
        preload="none"
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => setPosition(0)}
        onError={() => setPlaying(false)}
        onTimeUpdate={({ currentTarget }) => setPosition(currentTarget.currentTime)}
        onLoadedMetadata={({ currentTarget: { duration } }) => setKnown(Number.isFinite(duration) ? duration : 0)}
      />
      <button
        type="button"
        class="icon-button solid"
        aria-label={isPlaying ? t('file.pause') : t('file.play')}
        onClick={toggle}
      >
        <AnyIcon name={isPlaying ? 'pause' : 'play'} />
      </button>
      <div class="sound-main">
        {voice || name === null ? null : (
          <span class="cut small" dir="auto">
            {name}
          </span>
        )}
        <div class="sound-track">
          {waveform === null ? null : <Waveform values={waveform} done={total > 0 ? position / total : 0} />}
          <input
            type="range"
            class={waveform === null ? '' : 'over-waveform'}
            aria-label={t('file.position')}
            aria-valuetext={durationOf(position * 1_000)}
            min={0}
            max={total || 1}
            step={0.1}
            value={position}
            onInput={({ currentTarget }) => seek(Number(currentTarget.value))}
          />
        </div>
      </div>
      <span class="sound-time small">{durationOf((isPlaying || position > 0 ? position : total) * 1_000)}</span>
    </>
  );
}

/** Loudness over time; what has been played is darker. */
export function Waveform({ values, done }: { values: readonly number[]; done: number }) {
  const bar = (value: number, index: number): string => {
    const half = Math.max(1, (value / 100) * 13);
    return `M${index * 3 + 1.5} ${14 - half}V${14 + half}`;
  };
  const split = Math.round(values.length * done);
  return (
    <svg class="waveform" viewBox={`0 0 ${values.length * 3} 28`} preserveAspectRatio="none" aria-hidden="true">
      <path class="done" d={values.slice(0, split).map(bar).join('')} />
      <path
        d={values
          .slice(split)
          .map((value, index) => bar(value, index + split))
          .join('')}
      />
    </svg>
  );
}
