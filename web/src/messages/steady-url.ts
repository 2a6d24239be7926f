import type { RefObject } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** The URL of a file that can be played. While it is in the midst it stays: another one, which is as good, would stop it. */
export function useSteadyUrl(player: RefObject<HTMLMediaElement | null>, url: string): string {
  const [steady, setSteady] = useState(url);
  useEffect(() => {
    const media = player.current;
    const renew = (): void => setSteady(url);
    if (media === null || media.currentTime === 0 || media.ended || media.error !== null) return renew();
    const events = ['ended', 'error'] as const;
    for (const event of events) media.addEventListener(event, renew);
    return () => {
      for (const event of events) media.removeEventListener(event, renew);
    };
  }, [url]);
  return steady;
}
