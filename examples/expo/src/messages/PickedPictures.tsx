import { Image, ScrollView, View } from 'react-native';
import { IconButton } from '../design/controls';
import { RADIUS, SPACE } from '../design/theme';
import type { PickedPicture } from './picked-pictures';

interface Properties {
  pictures: readonly PickedPicture[];
  onRemove: (picture: PickedPicture) => void;
}

/** What goes out with the next message. */
export function PickedPictures({ pictures, onRemove }: Properties) {
  if (pictures.length === 0) return null;
  return (
    <ScrollView horizontal contentContainerStyle={{ padding: SPACE.s, gap: SPACE.s }}>
      {pictures.map((picture) => (
        <View key={picture.uri}>
          <Image source={{ uri: picture.uri }} style={{ width: 84, height: 84, borderRadius: RADIUS.m }} />
          <View style={{ position: 'absolute', top: -8, right: -8 }}>
            <IconButton icon="close-circle" label="Remove this picture" onPress={() => onRemove(picture)} />
          </View>
        </View>
      ))}
    </ScrollView>
  );
}
