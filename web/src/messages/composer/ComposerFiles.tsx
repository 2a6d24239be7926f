import { useEffect, useState } from 'preact/hooks';
import { AnyIcon } from '../../design/more-icons.js';
import { sizeOf, t } from '../../texts/texts.js';
import '../../texts/more.js';

interface Properties {
  files: readonly File[];
  onFiles: (files: readonly File[]) => void;
}

/** Files that go with the next message. */
export default function ComposerFiles({ files, onFiles }: Properties) {
  return (
    <ul class="composer-files">
      {files.map((file) => (
        <li key={`${file.name} ${file.size} ${file.lastModified}`} class="composer-file">
          {file.type.startsWith('image/') ? <Thumbnail file={file} /> : <AnyIcon name="file" />}
          <span class="file-text">
            <span class="cut" dir="auto">
              {file.name}
            </span>
            <span class="soft small">{sizeOf(file.size)}</span>
          </span>
          <button
            type="button"
            class="icon-button"
            aria-label={t('chat.removeFile', { name: file.name })}
            onClick={() => onFiles(files.filter((other) => other !== file))}
          >
            <AnyIcon name="close" size={16} />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Thumbnail({ file }: { file: File }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url === undefined ? null : <img src={url} alt="" />;
}
