import type { LinkPreview } from '@parley/client';

export default function LinkPreviewCard({ preview }: { preview: LinkPreview }) {
  const { url, title, description, siteName, imageUrl } = preview;
  return (
    <a class="link-preview" href={url} target="_blank" rel="noopener noreferrer nofollow">
      {imageUrl?.startsWith('/') === true ? <img src={imageUrl} alt="" loading="lazy" decoding="async" /> : null}
      <span class="link-preview-text">
        {siteName === null ? null : (
          <span class="soft small cut" dir="auto">
            {siteName}
          </span>
        )}
        <strong dir="auto">{title}</strong>
        {description === null ? null : (
          <span class="small" dir="auto">
            {description}
          </span>
        )}
      </span>
    </a>
  );
}
