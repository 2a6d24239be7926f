export function refusedWords(path: string, text: string): string[];
