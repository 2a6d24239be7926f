import { groupScene } from './a2-large-group.mjs';

export const scene = groupScene('A2-connected', 'the same with 50 of them connected', 50);
