import { usePresence } from '@parley/client/react';
import { Image, Text, View } from 'react-native';
import { urlOf } from '../chat/server';
import { useColors } from './theme';

interface Properties {
  id: string;
  name: string;
  url: string | null | undefined;
  /** A person, whose presence is shown. */
  userId?: string | undefined;
  size?: number;
}

/** Dark enough for white letters. */
const SHADES = ['#0d5c63', '#8a3b12', '#5b3a8c', '#2d6a3e', '#8c2f4f', '#34507c', '#6b5210', '#4a4a4a'];

/** A picture where there is one on this server; one kept elsewhere is never asked for. */
export function Avatar({ id, name, url, userId, size = 48 }: Properties) {
  const shade = SHADES[[...id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % SHADES.length];
  const circle = { width: size, height: size, borderRadius: size / 2 };
  return (
    <View>
      {url?.startsWith('/') !== true ? (
        <View aria-hidden style={[circle, { backgroundColor: shade, alignItems: 'center', justifyContent: 'center' }]}>
          <Text style={{ color: '#ffffff', fontSize: size * 0.42, fontWeight: '600' }}>
            {[...name][0]?.toLocaleUpperCase() ?? '?'}
          </Text>
        </View>
      ) : (
        <Image aria-hidden source={{ uri: urlOf(url) }} style={circle} />
      )}
      {userId === undefined ? null : <Dot userId={userId} />}
    </View>
  );
}

function Dot({ userId }: { userId: string }) {
  const { online, paper } = useColors();
  if (usePresence(userId)?.isOnline !== true) return null;
  return (
    <View
      role="img"
      aria-label="online"
      style={{
        position: 'absolute',
        right: -1,
        bottom: -1,
        width: 14,
        height: 14,
        borderRadius: 7,
        borderWidth: 2,
        borderColor: paper,
        backgroundColor: online,
      }}
    />
  );
}
