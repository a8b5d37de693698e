/** placeholder */
export function openApi(): unknown {
  return {};
}
