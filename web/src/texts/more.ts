import { more } from './en-more.js';
import { addTexts } from './texts.js';

// Imported by every part of the page that is fetched later, for its texts.
addTexts(more);
