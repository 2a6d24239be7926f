import { useConnection } from '@parley/client/react';
import { useEffect, useState } from 'react';
import { Pressable, View } from 'react-native';
import { client } from '../chat/client';
import { Words } from './controls';
import { SPACE, useColors } from './theme';

/** A change of the connection shorter than this is nobody's business. */
const GRACE_MS = 2_500;

/** Says that the server is not there, and nothing while it is. Whatever is written meanwhile waits by itself. */
export function ConnectionBanner() {
  const { status, until } = useConnection();
  const { accentSoft, accent } = useColors();
  const isAway = status !== 'live';
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    setLong(false);
    if (!isAway) return;
    const timer = setTimeout(() => setLong(true), GRACE_MS);
    return () => clearTimeout(timer);
  }, [isAway]);
  if (status !== 'suspended' && !(isAway && isLong)) return null;
  return (
    <View
      role="status"
      style={{
        flexDirection: 'row',
        alignItems: 'center',
        gap: SPACE.m,
        padding: SPACE.m,
        backgroundColor: accentSoft,
      }}
    >
      <Words kind="small" style={{ flex: 1 }}>
        {status === 'suspended'
          ? `This account is suspended${until == null ? '.' : ` until ${new Date(until).toLocaleString()}.`}`
          : 'The server is not reached. What you write is sent when it is.'}
      </Words>
      {status === 'suspended' ? null : (
        <Pressable role="button" hitSlop={12} onPress={() => client.resume()}>
          <Words kind="small" style={{ color: accent, fontWeight: '600' }}>
            Try now
          </Words>
        </Pressable>
      )}
    </View>
  );
}
