import Ionicons from '@expo/vector-icons/Ionicons';
import type { Attachment, MessageItem } from '@parley/client';
import { Image, Linking, Pressable, View } from 'react-native';
import { urlOf } from '../chat/server';
import { Words } from '../design/controls';
import { RADIUS, SPACE, useColors } from '../design/theme';

const MAX_WIDTH = 240;
const MAX_HEIGHT = 280;

interface Properties {
  item: MessageItem;
  onView: (picture: Attachment) => void;
}

/** Pictures as such, everything else by its name. */
export function Attachments({ item, onView }: Properties) {
  return (
    <View style={{ gap: SPACE.s }}>
      {item.attachments.map((attachment, index) =>
        attachment.kind === 'IMAGE' && !attachment.external ? (
          <Picture key={index} picture={attachment} onView={onView} />
        ) : (
          <File key={index} file={attachment} />
        ),
      )}
    </View>
  );
}

function Picture({ picture, onView }: Pick<Properties, 'onView'> & { picture: Attachment }) {
  const { sunken } = useColors();
  const { name, previewUrl, url } = picture;
  return (
    <Pressable role="button" aria-label={`Open ${name ?? 'the picture'}`} onPress={() => onView(picture)}>
      <Image
        source={{ uri: urlOf(previewUrl ?? url) }}
        style={{ ...sizeOf(picture), borderRadius: RADIUS.m, backgroundColor: sunken }}
      />
    </Pressable>
  );
}

/** Known before the picture is there, so that nothing moves when it comes. */
function sizeOf({ width, height }: Attachment): { width: number; height: number } {
  if (width === null || height === null) return { width: MAX_WIDTH, height: MAX_WIDTH };
  const scale = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height);
  return { width: Math.max(64, width * scale), height: Math.max(64, height * scale) };
}

const ICONS = {
  IMAGE: 'image-outline',
  VIDEO: 'film-outline',
  AUDIO: 'musical-note-outline',
  FILE: 'document-outline',
} as const;

function File({ file: { id, external, kind, name, url } }: { file: Attachment }) {
  const { accent } = useColors();
  // Not sent yet: there is nothing to open.
  const isThere = id !== null || external;
  return (
    <Pressable
      role="link"
      disabled={!isThere}
      onPress={() => void Linking.openURL(urlOf(url)).catch(() => undefined)}
      style={{ flexDirection: 'row', alignItems: 'center', gap: SPACE.s, minHeight: 40 }}
    >
      <Ionicons name={ICONS[kind]} size={24} color={accent} />
      <Words numberOfLines={2} style={{ flexShrink: 1 }}>
        {name ?? 'File'}
      </Words>
    </Pressable>
  );
}
