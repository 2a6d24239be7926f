import type { UploadSource } from '@parley/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import { holdReload } from '../../app/newer-build.js';
import { notify } from '../../app/toasts.js';
import { useBack } from '../../design/back.js';
import { AnyIcon } from '../../design/more-icons.js';
import { durationOf, t } from '../../texts/texts.js';
import '../../texts/more.js';
import { type Recording, startRecording } from './recording.js';
import { voiceSource } from '../voice-source.js';

const SHOWN_LEVELS = 64;

interface Properties {
  onSend: (recording: UploadSource) => void;
  /** It becomes a part of the draft. */
  onKeep: (recordings: readonly File[]) => void;
  onEnd: () => void;
}

/** In the place of the field while a voice message is recorded. */
export default function Recorder({ onSend, onKeep, onEnd }: Properties) {
  const recording = useRef<Recording | undefined>(undefined);
  const sendButton = useRef<HTMLButtonElement>(null);
  const [levels, setLevels] = useState<readonly number[]>([]);
  const [milliseconds, setMilliseconds] = useState(0);
  const [isOn, setOn] = useState(false);
  useEffect(() => {
    let isCurrent = true;
    startRecording((level, elapsed) => {
      setLevels((before) => [...before, level].slice(-SHOWN_LEVELS));
      setMilliseconds(elapsed);
    }).then(
      (started) => {
        if (!isCurrent) return started.discard();
        recording.current = started;
        setOn(true);
      },
      (error: unknown) => {
        if (!isCurrent) return;
        const name = error instanceof DOMException ? error.name : '';
        notify(
          t(
            name === 'NotAllowedError'
              ? 'record.denied'
              : name === 'NotFoundError'
                ? 'record.missing'
                : 'record.impossible',
          ),
        );
        onEnd();
      },
    );
    return () => {
      isCurrent = false;
      recording.current?.discard();
    };
  }, []);
  useEffect(holdReload, []);
  // Not at every drawing, which is several times a second: who has gone on to discard it stays there.
  useEffect(() => {
    if (isOn) sendButton.current?.focus();
  }, [isOn]);
  const finish = async (use: (file: File) => void): Promise<void> => {
    // Taken at once: a second click, or a key that repeats, comes before it has ended.
    const taken = recording.current;
    recording.current = undefined;
    if (taken === undefined) return;
    const file = await taken.finish();
    if (file !== undefined) use(file);
    onEnd();
  };
  const send = (): Promise<void> => finish((file) => onSend(voiceSource(file)));
  // Going back would lose what was said.
  useBack(() => {
    if (isOn) void finish((file) => onKeep([file]));
    else onEnd();
  });
  return (
    <div
      class="composer"
      role="group"
      aria-label={t('record.title')}
      onKeyDown={({ key }) => {
        if (key === 'Escape') onEnd();
      }}
    >
      <div class="composer-row recorder">
        <button
          type="button"
          class="icon-button"
          aria-label={t('record.cancel')}
          title={t('record.cancel')}
          onClick={onEnd}
        >
          <AnyIcon name="trash" />
        </button>
        <span class="recording-dot" aria-hidden="true" />
        <span class="sound-time" role="timer">
          {durationOf(milliseconds)}
        </span>
        <svg class="waveform grow" viewBox={`0 0 ${SHOWN_LEVELS * 3} 28`} preserveAspectRatio="none" aria-hidden="true">
          <path d={levels.map(bar).join('')} />
        </svg>
        <button
          type="button"
          class="icon-button solid"
          aria-label={t('record.send')}
          title={t('record.send')}
          disabled={!isOn}
          ref={sendButton}
          onClick={() => void send()}
        >
          <AnyIcon name="send" />
        </button>
      </div>
    </div>
  );
}

function bar(level: number, index: number): string {
  const half = Math.max(1, level * 13);
  return `M${index * 3 + 1.5} ${14 - half}V${14 + half}`;
}
