import { useConnection, usePresence } from '@parley/client/react';
import { useEffect, useState } from 'preact/hooks';

interface Properties {
  id: string;
  name: string;
  url: string | null | undefined;
  size?: number;
  /** Shown with its presence. */
  userId?: string;
}

/** A picture where there is one on this server; one kept elsewhere is never asked for. */
export function Avatar({ id, name, url, size, userId }: Properties) {
  const own = url?.startsWith('/') === true ? url : undefined;
  const [isBroken, setBroken] = useState(false);
  const { status } = useConnection();
  // What failed without a network may come with it.
  useEffect(() => setBroken(false), [own, status === 'live']);
  const style = { '--hue': String(hueOf(id)), ...(size === undefined ? {} : { '--size': `${size}px` }) };
  return (
    <span class="avatar" style={style} aria-hidden="true">
      {own === undefined || isBroken ? (
        initialsOf(name)
      ) : (
        <img src={own} alt="" loading="lazy" decoding="async" onError={() => setBroken(true)} />
      )}
      {userId === undefined ? null : <PresenceDot userId={userId} />}
    </span>
  );
}

function PresenceDot({ userId }: { userId: string }) {
  return usePresence(userId)?.isOnline === true ? <span class="presence" /> : null;
}

function initialsOf(name: string): string {
  const all = name.trim().split(/\s+/);
  const named = all.filter((word) => /^[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(word));
  const words = named.length > 0 ? named : all;
  const first = [...(words[0] ?? '')][0] ?? '?';
  const last = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : '';
  return (first + last).toLocaleUpperCase();
}

/** The same for the same id. */
function hueOf(id: string): number {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + character.charCodeAt(0)) % 360;
  return sum;
}
