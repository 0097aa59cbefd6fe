// The X.509 library's dependency injection needs it before its own first line runs.
import "reflect-metadata";

import { serve } from "../protocol/server";
import { tls } from "./index";

void serve(tls);
