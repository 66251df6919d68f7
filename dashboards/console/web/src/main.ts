// Grafana's libraries read these values while they are loaded, so they must be there before.
import './boot';

void import('./start');
