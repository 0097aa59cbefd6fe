import { serve } from "../protocol/server";
import { aws } from "./index";

void serve(aws);
