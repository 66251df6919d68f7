/** Stands in for parts of Grafana's libraries that the console never shows (code editors). */
const nothing = {};
export default nothing;
export const editor = nothing;
export const languages = nothing;
export const loader = { config: () => undefined };
export const Editor = () => null;
