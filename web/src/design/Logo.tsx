export function Logo({ size = 56 }: { size?: number }) {
  return <img src="/icon.svg" width={size} height={size} alt="Parley" />;
}
