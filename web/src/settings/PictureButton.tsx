import { useRef, useState } from 'preact/hooks';
import { attempt } from '../app/toasts.js';
import { client } from '../session/client.js';
import { t } from '../texts/texts.js';

interface Properties {
  label: string;
  /** With the id of the uploaded picture. */
  onUploaded: (avatarId: string) => Promise<unknown>;
}

export function PictureButton({ label, onUploaded }: Properties) {
  const input = useRef<HTMLInputElement>(null);
  const [isBusy, setBusy] = useState(false);
  const upload = async (file: File): Promise<void> => {
    setBusy(true);
    await attempt(async () => {
      const { id } = await client.upload(file);
      if (id !== null) await onUploaded(id);
    });
    setBusy(false);
  };
  return (
    <>
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          currentTarget.value = '';
          if (file !== undefined) void upload(file);
        }}
      />
      <button type="button" class="button" disabled={isBusy} onClick={() => input.current?.click()}>
        {isBusy ? t('session.wait') : label}
      </button>
    </>
  );
}
