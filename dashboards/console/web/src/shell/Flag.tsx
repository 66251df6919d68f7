/** The product's mark: a raised flag. */
export function Flag({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" fill="#12455f" />
      <path d="M10 6v20" stroke="#fff" strokeWidth="2.6" strokeLinecap="round" />
      <path d="M11.4 7.2 25 11l-13.6 6.6z" fill="#f2a93b" />
    </svg>
  );
}
