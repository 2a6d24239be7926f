import * as ImagePicker from 'expo-image-picker';
import type { PickedPicture } from './pictures';

/** A browser gives files as such. */
export async function pickPictures(from: 'library' | 'camera'): Promise<PickedPicture[]> {
  const { assets } =
    from === 'camera'
      ? await ImagePicker.launchCameraAsync({ mediaTypes: ['images'] })
      : await ImagePicker.launchImageLibraryAsync({ mediaTypes: ['images'], allowsMultipleSelection: true });
  return (assets ?? []).flatMap(({ uri, file }) => (file === undefined ? [] : [{ uri, source: file }]));
}
