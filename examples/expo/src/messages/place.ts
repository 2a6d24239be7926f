import { useConnection } from '@parley/client/react';
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import type { FlatList } from 'react-native';
import { client } from '../chat/client';
import type { Row } from './rows';

/** How long the rows on the way to a place have to be measured. What passes meanwhile is not read. */
const PLACING_MS = 500;

/**
 * Shows the row of a key: at once as far as the rows on the way are measured, and again while they are.
 * `place` is called whenever something was measured, `leave` when the user goes elsewhere. A row at position 0 stands at the
 * lower end of the screen, at 1 at its upper one.
 */
export function usePlace(list: RefObject<FlatList<Row> | null>, rows: readonly Row[]) {
  const wanted = useRef<{ key: string; position: number }>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const show = useRef((): void => undefined);
  show.current = () => {
    if (wanted.current === undefined) return;
    const { key, position } = wanted.current;
    const index = rows.findIndex((row) => row.key === key);
    if (index >= 0) list.current?.scrollToIndex({ index, viewPosition: position, animated: false });
  };
  const place = useCallback((): void => void requestAnimationFrame(() => show.current()), []);
  const leave = useCallback((): void => {
    clearTimeout(timer.current);
    wanted.current = undefined;
  }, []);
  const go = useCallback(
    (key: string, position: number): void => {
      leave();
      wanted.current = { key, position };
      timer.current = setTimeout(leave, PLACING_MS);
      place();
    },
    [leave, place],
  );
  useEffect(() => leave, [leave]);
  return { go, place, leave };
}

/**
 * Where the list of a conversation begins; undefined until it is known what is unread. Nothing is read before it `isPlaced`
 * there, or its user has gone elsewhere (`leave`).
 */
export function useBegin(id: string, unreadCount: number, firstUnreadSeq: number | null, isLineHeld: boolean) {
  // What is kept on the device may be old: that nothing is unread is known once the server has said so.
  const isLive = useConnection().status === 'live';
  const isAllRead = isLive && unreadCount === 0;
  const [begin, setBegin] = useState<'unread' | 'end' | undefined>(isAllRead ? 'end' : undefined);
  const [isPlaced, setPlaced] = useState(isAllRead);
  useEffect(() => {
    if (begin !== undefined) return;
    if (isAllRead) return setBegin('end');
    if (isLineHeld) return setBegin('unread');
    if (firstUnreadSeq === null) {
      if (!isLive) return;
      // It is known a moment after what is held is shown, if there is any at all.
      const timer = setTimeout(() => setBegin('end'), PLACING_MS);
      return () => clearTimeout(timer);
    }
    let isOver = false;
    const end = (place: 'unread' | 'end') => () => void (isOver || setBegin(place));
    client.messages(id).jumpTo(firstUnreadSeq).then(end('unread'), end('end'));
    return () => void (isOver = true);
  }, [id, begin, isAllRead, isLive, firstUnreadSeq, isLineHeld]);
  useEffect(() => {
    if (begin === undefined || isPlaced) return;
    const timer = setTimeout(() => setPlaced(true), PLACING_MS);
    return () => clearTimeout(timer);
  }, [begin, isPlaced]);
  const leave = useCallback(() => {
    setBegin((known) => known ?? 'end');
    setPlaced(true);
  }, []);
  return { begin, isPlaced, leave };
}
