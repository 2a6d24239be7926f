export interface Place {
  x: number;
  y: number;
}

/** Below the button that was pressed. */
export function below(event: Event): Place {
  const { left, bottom } = (event.currentTarget as Element).getBoundingClientRect();
  return { x: left, y: bottom + 4 };
}
