/** Whether a key is an input method's, which ends a word or dismisses what it offers by it. Safari says so by the number alone. */
export const isOfInputMethod = (event: KeyboardEvent): boolean => event.isComposing || event.keyCode === 229;
